"""Made-up names and phrases for the sample: companies, people outside, subjects, agendas."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outside:
    """A company the firms deal with; `kind` is the contact type of most of its people."""

    name: str
    domain: str
    kind: str
    sector: str


COMPANIES = [
    Outside("Northmill Foods plc", "northmill.example", "Client", "Food"),
    Outside("Halden Shipping AS", "haldenshipping.example", "Client", "Shipping"),
    Outside("Verity Insurance Group", "verity-insurance.example", "Client", "Insurance"),
    Outside("Orchard Lane Homes", "orchardlane.example", "Client", "Property"),
    Outside("Tessellate Software", "tessellate.example", "Client", "Technology"),
    Outside("Brambleworth Hospitals Trust", "brambleworth.example", "Client", "Health"),
    Outside("Kestrel Aero Engines", "kestrelaero.example", "Client", "Engineering"),
    Outside("Lumen Hydro", "lumenhydro.example", "Client", "Energy"),
    Outside("Saltmarsh Capital", "saltmarsh.example", "Client", "Private equity"),
    Outside("Fenwick & Ashby Bank", "fenwickashby.example", "Client", "Banking"),
    Outside("Quillon Pharma", "quillonpharma.example", "Client", "Pharmaceuticals"),
    Outside("Red Cedar Logistics", "redcedar.example", "Client", "Logistics"),
    Outside("Municipality of Eastvale", "eastvale.example", "Client", "Public sector"),
    Outside("Polaris Rail", "polarisrail.example", "Client", "Transport"),
    Outside("Greystone Quarries", "greystone.example", "Client", "Mining"),
    Outside("Marlowe Hotels", "marlowehotels.example", "Client", "Hospitality"),
    Outside("Osprey Renewables", "ospreyrenewables.example", "Prospect", "Energy"),
    Outside("Cobalt Payments", "cobaltpayments.example", "Prospect", "Financial technology"),
    Outside("Hartley Textiles", "hartleytextiles.example", "Prospect", "Manufacturing"),
    Outside("Juniper Genetics", "junipergenetics.example", "Prospect", "Life sciences"),
    Outside("Bluecoat Education Trust", "bluecoat.example", "Prospect", "Education"),
    Outside("Vantage Data Centres", "vantagedc.example", "Prospect", "Technology"),
    Outside("Solway Fisheries", "solwayfisheries.example", "Prospect", "Food"),
    Outside("Meridian Wealth", "meridianwealth.example", "Prospect", "Wealth management"),
    Outside("Aster & Pine Architects", "asterpine.example", "Prospect", "Architecture"),
    Outside("Copperfield Automotive", "copperfieldauto.example", "Former Client", "Automotive"),
    Outside("Dunmore Breweries", "dunmore.example", "Former Client", "Drinks"),
    Outside("Ivory Tower Media", "ivorytowermedia.example", "Press", "Media"),
    Outside("The Legal Courier", "legalcourier.example", "Press", "Media"),
    Outside("Court Reporters United", "courtreporters.example", "Vendor", "Services"),
    Outside("Paperchain Archiving", "paperchain.example", "Vendor", "Services"),
    Outside("Linguaforte Translations", "linguaforte.example", "Vendor", "Services"),
    Outside("Brightdesk IT Services", "brightdesk.example", "Vendor", "Technology"),
    Outside("Calder Forensic Accounting", "calderforensic.example", "Our Consultants", "Accounting"),
    Outside("Sterling Tax Advisers", "sterlingtax.example", "Our Consultants", "Tax"),
    Outside("Chambers of Imogen Rusk", "ruskchambers.example", "Counsel", "Bar"),
    Outside("Fountain Yard Chambers", "fountainyard.example", "Counsel", "Bar"),
    Outside("Notaries Van der Berg", "vdberg-notaries.example", "Referral Source", "Notaries"),
    Outside("Almeida & Filhos Advogados", "almeidafilhos.example", "Referral Source", "Law"),
    Outside("Nakagawa Law Office", "nakagawa-law.example", "Referral Source", "Law"),
]

SECOND_FIRM_COMPANIES = [
    Outside("Ravensbourne Estates", "ravensbourne.example", "Client", "Property"),
    Outside("Wickham Family Office", "wickhamfamily.example", "Client", "Private client"),
    Outside("Gildersome Charity", "gildersome.example", "Client", "Charity"),
    Outside("Larkhill Farms", "larkhill.example", "Prospect", "Farming"),
    Outside("Holloway Mediation", "hollowaymediation.example", "Our Consultants", "Mediation"),
    # Also a client of the other firm: what one firm knows must never show at the other.
    Outside("Northmill Foods plc", "northmill.example", "Prospect", "Food"),
]

FIRST_NAMES = (
    "Adaeze Alastair Amara Anneliese Arjun Beatriz Bohdan Camille Cedric Chloë Cormac Dalia Dmitri "
    "Edith Eduardo Eleni Emre Esther Farah Felix Freya Gareth Giulia Gwen Hamza Helena Hiroshi Ida "
    "Imogen Isaac Ivan Jasper Jocelyn Joost Kiran Laila Leif Lorenzo Lucía Magnus Malik Marek "
    "Maren Miriam Naomi Nikolai Nora Oisín Olga Oscar Petra Quentin Rafael Rosalind Saoirse Sanjay "
    "Selma Siobhán Stellan Tamsin Thandiwe Tobias Uma Viggo Wanda Xavier Yara Zainab"
).split()

LAST_NAMES = (
    "Abernathy Achterberg Adeyemi Albrecht Arslan Ashdown Baptiste Bergström Bianchi Blackwood "
    "Brannigan Carvalho Chukwu Cordova Dąbrowski Delacroix Devereux Ekström Ellery Farouq Fitzroy "
    "Galindo Goldberg Grünwald Hadley Halloran Hashimoto Hollis Ibáñez Ilves Jardine Jovanović "
    "Kapoor Kavanagh Kowalczyk Larsen Lemaire Lovelace MacKinnon Mbeki Moreau Nakamura Nasser "
    "Novák Ogunleye Olsson Pemberton Petrović Quigley Rasmussen Ravenscroft Rinaldi Rossi "
    "Sandström Sinclair Sørensen Talbot Thorne Ueda Valente Vasquez Verhoeven Wexford Winterbourne "
    "Yamada Yilmaz Zeller"
).split()

TITLES = [
    "General Counsel",
    "Chief Executive",
    "Chief Financial Officer",
    "Head of Legal",
    "Legal Counsel",
    "Company Secretary",
    "Director of Property",
    "Head of Compliance",
    "Operations Director",
    "Procurement Manager",
]

MATTERS = [
    "share purchase agreement",
    "warehouse lease",
    "merger filing",
    "licence dispute",
    "refinancing",
    "data protection audit",
    "pension scheme",
    "redundancy consultation",
    "arbitration",
    "patent portfolio",
    "joint venture",
    "planning appeal",
    "supply agreement",
    "tax ruling",
    "shareholder dispute",
]

CLIENT_SUBJECTS = [
    "{company}: {matter}, status call",
    "{matter}: review of the draft with {company}",
    "{company} - kick-off {matter}",
    "Strategy meeting {company} ({matter})",
    "{company}: questions on the {matter}",
    "Signing: {matter} {company}",
    "Lunch with {first}",
    "Quarterly review with {company}",
    "{company}: next steps after the hearing",
    "Pitch: {matter} for {company}",
]

INTERNAL_SUBJECTS = [
    "File review {matter}",
    "Catch-up: {matter}",
    "Billing and work in progress",
    "Draft of the {matter}: comments",
    "Training: new rules of procedure",
    "Conflict check {company}",
    "Staffing for {company}",
    "Interview: trainee candidate",
]

AGENDAS = [
    "<p>Agenda</p><ol><li>Where we stand</li><li>Open points of the {matter}</li>"
    "<li>Next steps and dates</li></ol>",
    "<p>Dear all,</p><p>please find the documents on the {matter} in the data room. "
    "We should agree on the <b>red points</b> before Friday.</p>",
    "<p>Dial-in is in the invitation. Please bring the latest draft.</p>",
    "<p>Topics: fees &amp; scope, timetable, who does what.</p><p>Regards</p>",
    "",
]
