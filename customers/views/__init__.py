"""The pages of this room: customers with their people, products and services, segments."""
