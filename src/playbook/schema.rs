//! The format of a playbook, for editors.

use serde_json::{Value, json};

/// The JSON Schema of a playbook file. What it cannot say (a `{{ }}` inside quotes, say) the loader does.
pub fn schema() -> Value {
    let sh = json!({"type": "string", "description": "POSIX sh, as a template"});
    let file = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["path", "mode", "owner", "content"],
        "properties": {
            "path": {"type": "string"},
            "mode": {"type": "string", "pattern": "^0?[0-7]{3,4}$"},
            "owner": {"type": "string"},
            "content": {"type": "string"}
        }
    });
    let step = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "doc", "timeout"],
        "oneOf": [{"required": ["script", "verify"]}, {"required": ["job", "verify"]}, {"required": ["wait"]}, {"required": ["file", "verify"]}],
        "properties": {
            "id": {"type": "string"},
            "doc": {"type": "string"},
            "timeout": {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"},
            "become": {"type": "boolean", "default": true},
            "remedy": {"type": "string"},
            "unless": sh, "script": sh, "job": sh, "verify": sh, "wait": sh, "after": sh,
            "every": {"type": "string"},
            "file": file
        }
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bricklayer playbook",
        "type": "object",
        "additionalProperties": false,
        "required": ["doc", "vars", "steps"],
        "properties": {
            "doc": {"type": "string"},
            "vars": {"type": "array", "items": {"type": "string"}},
            "steps": {"type": "array", "minItems": 1, "items": step}
        }
    })
}
