# A short document of entities that stand for more and more of each other.
# expect: exception|memory ""
import xml.etree.ElementTree

entities = '<!ENTITY a0 "laughter">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 20}">' for n in range(1, 12)
)
xml.etree.ElementTree.fromstring(f"<!DOCTYPE x [{entities}]><x>&a11;</x>")
