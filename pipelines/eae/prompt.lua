-- prompt - an event's classes, the sentence, and the instance that is to be completed.
-- SPDX-License-Identifier: Apache-2.0

local ontology = require "eae.ontology"

local prompt = {}

local entities = [[
from __future__ import annotations

class Entity:
    def __init__(self, name: str):
        self.name = name
]]

local base = [[

class Event:
    pass
]]

local question = [[

"""
Write this sentence as an instance of %s, with all arguments that it names, each in its own words. The event is at the word in **.
%s
"""
%s = %s(]]

local function kinds()
  local text = ""
  for _, kind in ipairs(ontology.kinds) do
    text = text .. ('\nclass %s(Entity):\n    """%s"""\n'):format(kind.name, kind.about)
  end
  return text
end

local function definition(event)
  local parameters, body = "", ""
  for _, role in ipairs(event.roles) do
    parameters = parameters .. ("        %s: list[%s] = [],  # %s\n"):format(
      role.name, table.concat(role.kinds, " | "), role.about)
    body = body .. ("        self.%s = %s\n"):format(role.name, role.name)
  end
  return ('\nclass %s(Event):\n    """%s"""\n    def __init__(\n        self,\n%s    ):\n%s'):format(
    event.name, event.about, parameters, body)
end

function prompt.variable(event)
  return event.name:lower() .. "_event"
end

function prompt.of(event, text)
  return entities .. kinds() .. base .. definition(event) ..
    question:format(event.name, text, prompt.variable(event), event.name)
end

return prompt
