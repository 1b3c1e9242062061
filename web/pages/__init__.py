"""The pages, one module per page: its place in the navigation and its views."""
