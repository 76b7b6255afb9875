"""A form declared once: its declaration, the types of its fields, and what is made from both."""
