"""Makes customers and what belongs to them, for tests."""

from itertools import count

from customers.models import Contact, Customer, CustomerProduct, Product, Segment

_numbers = count(1)


def make_segment(name=None, **given):
    return _saved(Segment(name=name or f"Segment {next(_numbers)}", **given))


def make_product(name=None, **given):
    return _saved(Product(name=name or f"Product {next(_numbers)}", **given))


def make_customer(name=None, **given):
    return _saved(Customer(name=name or f"Customer {next(_numbers)}", **given))


def make_contact(name="Jo Brandt", customer=None, **given):
    return _saved(Contact(name=name, customer=customer or make_customer(), **given))


def make_supply(customer, product, **given):
    """`customer` uses `product`."""
    return _saved(CustomerProduct(customer=customer, product=product, **given))


def _saved(record):
    record.full_clean(exclude=["reference"])
    record.save()
    return record
