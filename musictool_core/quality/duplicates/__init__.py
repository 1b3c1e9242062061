"""Files of the library that are the same sound: found without a wrong merge, listed with why."""
