"""The addresses of customers, their people, products and services, and segments."""

from django.urls import path

from .views import catalogue, customers, people

app_name = "customers"
urlpatterns = [
    path("customers/", customers.CustomerList.as_view(), name="list"),
    path("customers/new/", customers.CustomerCreate.as_view(), name="create"),
    path("customers/suggest/", customers.CustomerSuggest.as_view(), name="suggest"),
    path("customers/people/<str:reference>/edit/", people.ContactEdit.as_view(), name="contact_edit"),
    path("customers/people/<str:reference>/void/", people.ContactVoid.as_view(), name="contact_void"),
    path("customers/supplies/<str:reference>/remove/", people.SupplyRemove.as_view(), name="supply_remove"),
    path("customers/<str:reference>/", customers.CustomerDetail.as_view(), name="detail"),
    path("customers/<str:reference>/edit/", customers.CustomerEdit.as_view(), name="edit"),
    path("customers/<str:reference>/void/", customers.CustomerVoid.as_view(), name="void"),
    path("customers/<str:reference>/contacts.json", customers.CustomerContacts.as_view(), name="contacts"),
    path("customers/<str:reference>/people/new/", people.ContactCreate.as_view(), name="contact_create"),
    path("customers/<str:reference>/supplies/new/", people.SupplyAdd.as_view(), name="supply_add"),
    path("products/", catalogue.ProductList.as_view(), name="products"),
    path("products/new/", catalogue.ProductCreate.as_view(), name="product_create"),
    path("products/<str:reference>/", catalogue.ProductDetail.as_view(), name="product"),
    path("products/<str:reference>/edit/", catalogue.ProductEdit.as_view(), name="product_edit"),
    path("products/<str:reference>/retire/", catalogue.ProductRetire.as_view(), name="product_retire"),
    path("products/<str:reference>/void/", catalogue.ProductVoid.as_view(), name="product_void"),
    path("segments/", catalogue.SegmentList.as_view(), name="segments"),
    path("segments/new/", catalogue.SegmentCreate.as_view(), name="segment_create"),
    path("segments/<str:reference>/", catalogue.SegmentDetail.as_view(), name="segment"),
    path("segments/<str:reference>/edit/", catalogue.SegmentEdit.as_view(), name="segment_edit"),
    path("segments/<str:reference>/void/", catalogue.SegmentVoid.as_view(), name="segment_void"),
]
