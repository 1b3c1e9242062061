"""From a want to a way of getting it: links into shops; later offers, prices and plans."""
