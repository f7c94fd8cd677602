"""Who works at Calder Instruments, and how they sign in."""

PASSWORD = "calder-demo-2026"

# role, name, e-mail
CAST = [
    ("staff", "Lena Sund", "lena@calder.example"),
    ("staff", "Ines Duarte", "ines@calder.example"),
    ("manager", "Tom Mbeki", "tom@calder.example"),
    ("top management", "Ruth Okafor", "ruth@calder.example"),
    ("top management", "Edwin Hale", "edwin@calder.example"),
    ("quality manager", "Marta Ruiz", "marta@calder.example"),
    ("auditor", "Aude Marchand", "aude@calder.example"),
    ("administrator", "Priya Nair", "priya@calder.example"),
]

# name, parent, level
UNITS = [
    ("Customer service", None, "department"),
    ("Service North", "Customer service", "team"),
    ("Service South", "Customer service", "team"),
    ("Calibration laboratory", None, "department"),
]

UNIT_OF = {"Lena Sund": "Service North", "Ines Duarte": "Service South", "Tom Mbeki": "Customer service"}

# name, is a service
PRODUCTS = [
    ("Flow meter FM200", False),
    ("Pressure transmitter PT5", False),
    ("Level sensor LS3", False),
    ("Calibration service", True),
    ("Spare parts", False),
    ("Field engineering", True),
]

SEGMENTS = ["Water utilities", "Food and drink", "Pharmaceutical", "Process industry", "Energy"]

# name, segment, unit, key customer, weight (how much they say)
CUSTOMERS = [
    ("Halden Water", 0, 1, True, 9),
    ("Brenta Foods", 1, 2, True, 8),
    ("Sorrel Pharma", 2, 2, True, 7),
    ("Rhône Process", 3, 2, True, 6),
    ("Tarn Valley Brewing", 1, 1, True, 5),
    ("Kvam Hydro", 4, 1, True, 5),
    ("Pole Energy", 4, 1, False, 5),
    ("Aster Labs", 2, 2, False, 4),
    ("Wharfe Water", 0, 1, False, 4),
    ("Lindal Dairy", 1, 1, False, 3),
    ("Medway Bottling", 1, 2, False, 3),
    ("Corvus Chemicals", 3, 2, False, 3),
    ("Solent Desalination", 0, 2, False, 3),
    ("Ardent Vaccines", 2, 2, False, 3),
    ("Teviot Distillers", 1, 1, False, 3),
    ("Pennine Heat", 4, 1, False, 2),
    ("Ouse Treatment Works", 0, 1, False, 2),
    ("Galway Biotics", 2, 2, False, 2),
    ("Norrland Pulp", 3, 1, False, 2),
    ("Fenland Sugar", 1, 2, False, 2),
    ("Mersey Coatings", 3, 1, False, 2),
    ("Skye Renewables", 4, 1, False, 2),
    ("Thames Reagents", 2, 2, False, 2),
    ("Calder Valley Textiles", 3, 1, False, 1),
    ("Deeside Paper", 3, 1, False, 1),
    ("Humber Cold Store", 1, 1, False, 1),
    ("Isis Instruments Hire", 3, 2, False, 1),
    ("Jurassic Ales", 1, 2, False, 1),
    ("Kentish Hops", 1, 2, False, 1),
    ("Lomond Springs", 0, 1, False, 1),
    ("Moray Firth Gas", 4, 1, False, 1),
    ("Nidd Irrigation", 0, 1, False, 1),
]

SILENT = "Tarn Valley Brewing"

PEOPLE = [
    "Jo Brandt", "Petra Lindqvist", "Amir Rahim", "Sofia Conti", "Hugh Ellery", "Nadia Osei", "Piotr Wolski",
    "Clara Whitcombe", "Jens Aune", "Maeve Kearney", "Ravi Menon", "Élodie Faure", "Oskar Lund", "Grace Adeyemi",
    "Tomasz Bielak", "Hannah Price", "Luca Ferri", "Yusuf Demir", "Katrin Vogel", "Sam Okonkwo",
]  # fmt: skip
POSITIONS = [
    "Site engineer",
    "Buyer",
    "Head of operations",
    "Quality lead",
    "Maintenance planner",
    "Laboratory manager",
]
