"""What customers of Calder Instruments say. Each theme: subjects, and sentences with blanks."""

COMPLAINTS = {
    "delivery": (
        [
            "Delivery {days} days late",
            "Late again: {product}",
            "Crew left standing, {product} not there",
            "No word about a new date",
        ],
        [
            "Two units promised for {weekday} arrived {days} days later. I had a crew of four standing by.",
            "The {product} is superb. I just need to know the truth about the date.",
            "Third delivery in a row that slipped. Nobody told us until we called.",
            "Your carrier says it was never collected. Your people say it left on {weekday}. Which is it?",
            "We planned the shutdown around your date. It came {days} days late and the line stood still.",
            "Tracking said delivered. Nothing had been delivered. It turned up {days} days later at the wrong gate.",
        ],
    ),
    "certificate": (
        [
            "Certificate missing",
            "Calibration certificate late",
            "Wrong serial number on the certificate",
            "Audit without a certificate",
        ],
        [
            "Third time I have asked for the certificate.",
            "The certificate names another serial number. Our auditor noticed before we did.",
            "The unit is back, the calibration certificate is not. We cannot put it into service.",
            "We were promised the certificate with the goods. {days} days on, still nothing.",
        ],
    ),
    "fault": (
        ["{product} drifts", "Reading jumps after start-up", "Display failed in service", "Leak at the gland"],
        [
            "It reads two per cent high since we fitted it. The old one did not.",
            "The display went blank after {days} days. We are reading by hand now.",
            "Moisture got into the housing. It is sold as washdown-proof.",
            "The signal jumps every time the pump starts. Your engineer has seen it, too.",
        ],
    ),
    "packaging": (
        ["Damaged on arrival", "Pallet arrived wet", "Parts missing from the box"],
        [
            "Pallet arrived wet, two boxes soft.",
            "The box was open and the gaskets were gone.",
            "A dent the size of a fist in the housing.",
        ],
    ),
    "paperwork": (
        ["Invoice does not match the quote", "Charged twice for freight", "Wrong order reference"],
        [
            "The invoice is higher than the quote and nobody can tell me why.",
            "You charged freight twice on the same order.",
            "Your order reference is not ours, so our accounts will not pay it.",
        ],
    ),
}

PRAISE = [
    "Your engineer stayed on the line until the line was running again.",
    "Nobody else explains a flow profile like your people do.",
    "Ordered on {weekday}, fitted on the day you said. Thank you.",
    "The new {product} paid for itself in a month.",
    "You found the fault in our wiring, not in your meter, and you still came out.",
    "Clear quote, no surprises, on time.",
]
IDEAS = [
    "Print the QR code larger, gloves and phones do not mix.",
    "Could the {product} remember its last twenty readings?",
    "Send the certificate as a file when the unit leaves, not after.",
    "A loan unit during calibration would save us a day each time.",
    "Tell us the day before it ships. One line is enough.",
]
QUESTIONS = [
    "Is the new transmitter approved for zone 1?",
    "How long may the {product} run dry?",
    "Which cable gland fits the 2019 housing?",
    "Can you calibrate on our site in {month}?",
    "What is the lead time for ten of the {product} just now?",
]
OBSERVATIONS = [
    "They have a second supplier's meter on trial in the pump house.",
    "Their new maintenance planner did not know that we offer calibration on site.",
    "The FM200s sit where forklifts pass; two guards were bent.",
]

ACKNOWLEDGED = "We have your complaint and we are looking into it. You will hear from us by the date we gave you."
ANSWERS = {
    "delivery": "We are sorry. The collection was missed. Your next orders go by another carrier.",
    "certificate": "The certificate is attached. It was held up in the laboratory; it now has a day of its own.",
    "fault": "We have replaced the unit and examined the old one. The seal was at fault; you will not be charged.",
    "packaging": "Replacements left today. We have changed the packing of this product.",
    "paperwork": "You were right. A corrected invoice is on its way and the difference is credited.",
}
NOTES = [
    "Called them; they want a date they can rely on.",
    "Spoke with the laboratory. Result by the end of the week.",
    "Carrier confirms a missed collection.",
    "They can live with a loan unit until then.",
]
