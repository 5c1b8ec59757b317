"""The cast: who works where, in which role, and who assists whom. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """One line of the cast list; `login` is the part of the address before the @."""

    name: str
    login: str
    title: str
    department: str
    app_role: str = "user"


LAW_FIRM_PEOPLE = [
    Role("Margaret Harwood", "margaret.harwood", "Managing Partner", "Management"),
    Role("Anders Lindqvist", "anders.lindqvist", "Senior Partner", "Corporate"),
    Role("Efua Osei", "efua.osei", "Senior Partner", "Litigation"),
    Role("Daniel Abrams", "daniel.abrams", "Partner", "Corporate"),
    Role("Priya Raman", "priya.raman", "Partner", "Banking and Finance"),
    Role("Tomás Echeverría", "tomas.echeverria", "Partner", "Real Estate"),
    Role("Hannah Vogel", "hannah.vogel", "Partner", "Employment"),
    Role("Samuel Okonkwo", "samuel.okonkwo", "Partner", "Intellectual Property"),
    Role("Claire Beaumont", "claire.beaumont", "Partner", "Tax"),
    Role("Yusuf Demir", "yusuf.demir", "Partner", "Litigation"),
    Role("Ingrid Solberg", "ingrid.solberg", "Of Counsel", "Energy"),
    Role("Victor Castellano", "victor.castellano", "Of Counsel", "Competition"),
    Role("Amelia Frost", "amelia.frost", "Senior Associate", "Corporate"),
    Role("Rohan Mehta", "rohan.mehta", "Senior Associate", "Banking and Finance"),
    Role("Zoë Martens", "zoe.martens", "Senior Associate", "Litigation"),
    Role("Patrick O'Dowd", "patrick.odowd", "Senior Associate", "Real Estate"),
    Role("Mei-Ling Zhao", "meiling.zhao", "Senior Associate", "Intellectual Property"),
    Role("Kwame Asante", "kwame.asante", "Senior Associate", "Employment"),
    Role("Sofia Marchetti", "sofia.marchetti", "Associate", "Corporate"),
    Role("Liam Gallagher-Reid", "liam.gallagherreid", "Associate", "Corporate"),
    Role("Noor Haddad", "noor.haddad", "Associate", "Banking and Finance"),
    Role("Jakub Nowak", "jakub.nowak", "Associate", "Litigation"),
    Role("Elena Petrova", "elena.petrova", "Associate", "Litigation"),
    Role("Oliver Whitcombe", "oliver.whitcombe", "Associate", "Tax"),
    Role("Aisha Bello", "aisha.bello", "Associate", "Real Estate"),
    Role("Henrik Dahl", "henrik.dahl", "Associate", "Energy"),
    Role("Grace Muriuki", "grace.muriuki", "Associate", "Competition"),
    Role("Lucas Fontaine", "lucas.fontaine", "Trainee", "Corporate"),
    Role("Chiara Bellini", "chiara.bellini", "Trainee", "Litigation"),
    Role("Dorothy Pike", "dorothy.pike", "Executive Assistant", "Management"),
    Role("Martin Sedlak", "martin.sedlak", "Legal Assistant", "Corporate"),
    Role("Fiona Laird", "fiona.laird", "Legal Assistant", "Litigation"),
    Role("Teresa Quintana", "teresa.quintana", "Legal Assistant", "Banking and Finance"),
    Role("Beatrix Mulder", "beatrix.mulder", "Legal Assistant", "Real Estate"),
    Role("Ruth Ndlovu", "ruth.ndlovu", "Business Development Manager", "Business Development"),
    Role("Charlotte Irving", "charlotte.irving", "Marketing Executive", "Business Development"),
    Role("George Papadakis", "george.papadakis", "Finance Director", "Finance"),
    Role("Nadia Karim", "nadia.karim", "Knowledge Lawyer", "Knowledge"),
    Role("Owen Pritchard", "owen.pritchard", "IT Manager", "IT", "admin"),
    Role("Salma Aziz", "salma.aziz", "IT Engineer", "IT", "admin"),
    Role("Benjamin Tran", "benjamin.tran", "Service Desk Analyst", "IT", "support"),
    Role("Katarzyna Wójcik", "katarzyna.wojcik", "HR Manager", "Human Resources"),
]

SECOND_FIRM_PEOPLE = [
    Role("Rebecca Thornbury", "rebecca.thornbury", "Managing Partner", "Management"),
    Role("Ismail Farouk", "ismail.farouk", "Partner", "Private Client"),
    Role("Jonas Keller", "jonas.keller", "Partner", "Family"),
    Role("Lucy Armitage", "lucy.armitage", "Associate", "Private Client"),
    Role("Paolo Greco", "paolo.greco", "Office Manager", "Management", "admin"),
    Role("Wendy Sharpe", "wendy.sharpe", "Legal Assistant", "Management"),
]

UNREGISTERED_PEOPLE = [
    Role("Leonard Casper", "leonard.casper", "Partner", "Management"),
    Role("Odile Renard", "odile.renard", "Associate", "Corporate"),
    Role("Stuart Bright", "stuart.bright", "IT Manager", "IT", "admin"),
]

ROOMS = [
    ("Boardroom", "boardroom"),
    ("Room Denning", "room.denning"),
    ("Room Hale", "room.hale"),
    ("Room Atkin", "room.atkin"),
    ("Library", "library"),
]

DELEGATES = [
    # assistant, partner, may write, sees private items
    ("dorothy.pike", "margaret.harwood", True, True),
    ("martin.sedlak", "anders.lindqvist", True, True),
    ("martin.sedlak", "daniel.abrams", True, False),
    ("fiona.laird", "efua.osei", True, False),
    ("fiona.laird", "yusuf.demir", True, True),
    ("teresa.quintana", "priya.raman", True, False),
    ("beatrix.mulder", "tomas.echeverria", False, False),
]
"""Who assists whom: the last one may only read."""
