"""The local authorities of England and Wales, so that two that merely sound alike are never taken for one (public
registers)."""

from __future__ import annotations

ENGLAND = (
    "Barking and Dagenham; Barnet; Barnsley; Bath and North East Somerset; Bedford; Bexley; Birmingham; "
    "Blackburn with Darwen; Blackpool; "
    "Bolton; Bournemouth, Christchurch and Poole; Bracknell Forest; Bradford; Brent; Brighton and Hove; "
    "Bristol; Bromley; Buckinghamshire; "
    "Bury; Calderdale; Cambridgeshire; Camden; Central Bedfordshire; Cheshire East; Cheshire West and "
    "Chester; City of London; Cornwall; "
    "Coventry; Croydon; Cumberland; Darlington; Derby; Derbyshire; Devon; Doncaster; Dorset; Dudley; Durham; "
    "Ealing; East Riding of Yorkshire; "
    "East Sussex; Enfield; Essex; Gateshead; Gloucestershire; Greenwich; Hackney; Halton; Hammersmith and "
    "Fulham; Hampshire; Haringey; Harrow; "
    "Hartlepool; Havering; Herefordshire; Hertfordshire; Hillingdon; Hounslow; Isle of Wight; Isles of "
    "Scilly; Islington; Kensington and Chelsea; "
    "Kent; Kingston upon Hull; Kingston upon Thames; Kirklees; Knowsley; Lambeth; Lancashire; Leeds; "
    "Leicester; Leicestershire; Lewisham; "
    "Lincolnshire; Liverpool; Luton; Manchester; Medway; Merton; Middlesbrough; Milton Keynes; Newcastle upon "
    "Tyne; Newham; Norfolk; "
    "North East Lincolnshire; North Lincolnshire; North Northamptonshire; North Somerset; North Tyneside; "
    "North Yorkshire; Northumberland; "
    "Nottingham; Nottinghamshire; Oldham; Oxfordshire; Peterborough; Plymouth; Portsmouth; Reading; "
    "Redbridge; Redcar and Cleveland; "
    "Richmond upon Thames; Rochdale; Rotherham; Rutland; Salford; Sandwell; Sefton; Sheffield; Shropshire; "
    "Slough; Solihull; Somerset; "
    "South Gloucestershire; South Tyneside; Southampton; Southend-on-Sea; Southwark; St Helens; "
    "Staffordshire; Stockport; Stockton-on-Tees; "
    "Stoke-on-Trent; Suffolk; Sunderland; Surrey; Sutton; Swindon; Tameside; Telford and Wrekin; Thurrock; "
    "Torbay; Tower Hamlets; Trafford; "
    "Wakefield; Walsall; Waltham Forest; Wandsworth; Warrington; Warwickshire; West Berkshire; West "
    "Northamptonshire; West Sussex; Westminster; "
    "Westmorland and Furness; Wigan; Wiltshire; Windsor and Maidenhead; Wirral; Wokingham; Wolverhampton; "
    "Worcestershire; York"
)
WALES = (
    "Blaenau Gwent; Bridgend; Caerphilly; Cardiff; Carmarthenshire; Ceredigion; Conwy; Denbighshire; "
    "Flintshire; Gwynedd; Isle of Anglesey; "
    "Merthyr Tydfil; Monmouthshire; Neath Port Talbot; Newport; Pembrokeshire; Powys; Rhondda Cynon Taf; "
    "Swansea; Torfaen; Vale of Glamorgan; Wrexham"
)
ALSO: dict[str, str] = {  # what else an authority is called -> its name: short forms, and the Welsh
    "Hull": "Kingston upon Hull",
    "Southend": "Southend-on-Sea",
    "Newcastle": "Newcastle upon Tyne",
    "Richmond": "Richmond upon Thames",
    "Stockton": "Stockton-on-Tees",
    "Stoke": "Stoke-on-Trent",
    "Telford": "Telford and Wrekin",
    "Brighton": "Brighton and Hove",
    "BCP": "Bournemouth, Christchurch and Poole",
    "BANES": "Bath and North East Somerset",
    "Bath and NE Somerset": "Bath and North East Somerset",
    "NE Lincolnshire": "North East Lincolnshire",
    "N Lincolnshire": "North Lincolnshire",
    "East Riding": "East Riding of Yorkshire",
    "CWAC": "Cheshire West and Chester",
    "Cheshire West": "Cheshire West and Chester",
    "RBWM": "Windsor and Maidenhead",
    "Blackburn": "Blackburn with Darwen",
    "Bristol City": "Bristol",
    "Herefords": "Herefordshire",
    "Bucks": "Buckinghamshire",
    "Cambs": "Cambridgeshire",
    "Lancs": "Lancashire",
    "Herts": "Hertfordshire",
    "Hants": "Hampshire",
    "Notts": "Nottinghamshire",
    "Oxon": "Oxfordshire",
    "Northants North": "North Northamptonshire",
    "Northants West": "West Northamptonshire",
    "Staffs": "Staffordshire",
    "Wilts": "Wiltshire",
    "Worcs": "Worcestershire",
    "Lincs": "Lincolnshire",
    "Leics": "Leicestershire",
    "Gloucs": "Gloucestershire",
    "Pen-y-bont ar Ogwr": "Bridgend",
    "Caerffili": "Caerphilly",
    "Caerdydd": "Cardiff",
    "Sir Gaerfyrddin": "Carmarthenshire",
    "Sir Gâr": "Carmarthenshire",
    "Sir Ddinbych": "Denbighshire",
    "Sir y Fflint": "Flintshire",
    "Ynys Môn": "Isle of Anglesey",
    "Anglesey": "Isle of Anglesey",
    "Merthyr Tudful": "Merthyr Tydfil",
    "Sir Fynwy": "Monmouthshire",
    "Castell-nedd Port Talbot": "Neath Port Talbot",
    "Casnewydd": "Newport",
    "Sir Benfro": "Pembrokeshire",
    "Rhondda Cynon Taff": "Rhondda Cynon Taf",
    "RCT": "Rhondda Cynon Taf",
    "Abertawe": "Swansea",
    "Tor-faen": "Torfaen",
    "Bro Morgannwg": "Vale of Glamorgan",
    "Wrecsam": "Wrexham",
    "Sir Ceredigion": "Ceredigion",
}
AUTHORITIES: tuple[str, ...] = tuple(f"{ENGLAND}; {WALES}".split("; "))
