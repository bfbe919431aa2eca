-- ontology - the ten types of events, their roles, and what may fill each.
--
-- A role's first kind is what fills it where a sentence does not say otherwise.
-- SPDX-License-Identifier: Apache-2.0

local ontology = {}

ontology.kinds = {
  { name = "Person", about = "A human being, or several." },
  { name = "Organization", about = "A company, an office, a team." },
  { name = "Place", about = "A country, a town, a building, a spot." },
  { name = "Thing", about = "Anything else: goods, a sum, a post, a subject." },
}

local function event(name, about, roles)
  return { name = name, about = about, roles = roles }
end

local function role(name, about, ...)
  return { name = name, about = about, kinds = { ... } }
end

local function who(name, about)
  return role(name, about, "Person", "Organization")
end

local function where(about)
  return role("place", about, "Place")
end

ontology.events = {
  event("Transport", "Something or somebody is taken to another place.", {
    who("agent", "who moves it"),
    role("artifact", "what is moved", "Thing", "Person"),
    role("vehicle", "in or on what", "Thing"),
    role("origin", "from where", "Place"),
    role("destination", "to where", "Place"),
  }),
  event("Attack", "Somebody uses force against somebody or something.", {
    who("attacker", "who attacks"),
    role("target", "what is attacked", "Person", "Organization", "Place", "Thing"),
    role("instrument", "with what", "Thing"),
    where("where"),
  }),
  event("Injure", "Somebody comes to harm.", {
    who("agent", "who does the harm"),
    role("victim", "who is harmed", "Person"),
    role("instrument", "what does the harm", "Thing"),
    where("where"),
  }),
  event("Meet", "People come together and talk.", {
    who("participant", "each of those who meet"),
    role("topic", "what they talk about", "Thing"),
    where("where"),
  }),
  event("Trade", "Something changes hands for money.", {
    who("buyer", "who gets it"),
    who("seller", "who gives it"),
    role("item", "what is sold", "Thing", "Place", "Organization"),
    role("price", "for how much", "Thing"),
  }),
  event("Appoint", "Somebody gets a post.", {
    role("person", "who gets it", "Person"),
    role("employer", "for whom they will work", "Organization"),
    role("position", "the post", "Thing"),
  }),
  event("Resign", "Somebody loses or leaves a post.", {
    role("person", "who loses or leaves it", "Person"),
    role("employer", "for whom they worked", "Organization"),
    role("position", "the post", "Thing"),
  }),
  event("Found", "An organization comes into being.", {
    who("founder", "who founds it"),
    role("organization", "what is founded", "Organization"),
    where("where"),
  }),
  event("Arrest", "Somebody is taken prisoner by the law.", {
    who("agent", "who makes the arrest"),
    role("suspect", "who is arrested", "Person"),
    role("charge", "what for", "Thing"),
    where("where"),
  }),
  event("Award", "Somebody is given a prize.", {
    who("giver", "who gives it"),
    who("winner", "who gets it"),
    role("prize", "what is given", "Thing"),
    role("work", "what it is given for", "Thing"),
  }),
}

return ontology
