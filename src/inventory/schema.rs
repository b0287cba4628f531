//! The JSON Schema of the inventory, for editors.

use serde_json::{Map, Value, json};

use crate::inventory::{Field, Form, keys};

/// The schema (draft 2020-12). `rooms` gives the keys of the sections that rooms read: `("glusterfs", fields)`.
pub fn schema(rooms: &[(&str, &[Field])]) -> Value {
    let mut top = object(keys::TOP, rooms);
    let about = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bricklayer inventory",
        "patternProperties": { format!("^{}", keys::OWN_PREFIX): {} },
    });
    if let (Value::Object(top), Value::Object(about)) = (&mut top, about) {
        top.extend(about);
    }
    top
}

fn object(fields: &[Field], rooms: &[(&str, &[Field])]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut shape = match (field.form, rooms.iter().find(|(key, _)| *key == field.key)) {
            (Form::Room, Some((_, fields))) => nullable(object(fields, rooms)),
            (Form::Rooms, Some((_, fields))) => {
                let one = object(fields, rooms);
                json!({ "anyOf": [nullable(one.clone()), { "type": "array", "minItems": 1, "items": one }] })
            }
            _ => shape(field.form, rooms),
        };
        if let Value::Object(shape) = &mut shape {
            shape.insert("description".to_owned(), json!(field.doc));
        }
        properties.insert(field.key.to_owned(), shape);
    }
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn shape(form: Form, rooms: &[(&str, &[Field])]) -> Value {
    match form {
        Form::Text | Form::Duration => json!({ "type": "string" }),
        Form::Address => json!({ "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] }),
        // Editors read YAML 1.2, where `yes` is a text.
        Form::Flag => json!({ "enum": [true, false, "yes", "no", "on", "off"] }),
        Form::Number(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Form::Words(words) => json!({ "enum": words() }),
        Form::WordsOrCount(words) => {
            json!({ "anyOf": [{ "enum": words() }, { "type": "integer", "minimum": 1 }] })
        }
        Form::Lines => json!({ "type": ["array", "null"], "items": { "type": "string" } }),
        Form::TextMap => json!({
            "type": ["object", "null"],
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        }),
        Form::Map(fields) => nullable(object(fields, rooms)),
        Form::Flags(words) => {
            let properties: Map<String, Value> =
                words().into_iter().map(|word| (word.to_owned(), shape(Form::Flag, rooms))).collect();
            json!({ "type": ["object", "null"], "properties": properties, "additionalProperties": false })
        }
        Form::List(fields) => json!({ "type": ["array", "null"], "items": object(fields, rooms) }),
        Form::Room => json!({ "type": ["object", "null"] }),
        Form::Rooms => json!({ "type": ["object", "array", "null"] }),
    }
}

// A key whose lines are all commented out is read as an empty map.
fn nullable(mut object: Value) -> Value {
    if let Some(kind) = object.get_mut("type") {
        *kind = json!(["object", "null"]);
    }
    object
}
