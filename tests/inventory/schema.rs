//! The schema and the reader know the same keys.

use bricklayer::inventory::schema;
use bricklayer::services::glusterfs::spec::FIELDS;
use bricklayer::yaml::{Kind, Problems, Source, Value, parse};
use serde_json::Value as Json;

fn tree(path: &str) -> Value {
    let mut problems = Problems::new(Source::read(path.as_ref()).unwrap());
    parse(&mut problems).unwrap()
}

// Every key of the tree is a property of the schema, or matches a pattern, or any key may stand there.
fn unknown(value: &Value, schema: &Json, path: &str, found: &mut Vec<String>) {
    // A map, or a list of such maps.
    let kind = if matches!(value.kind, Kind::Seq(_)) { "array" } else { "object" };
    let of_kind = |one: &&Json| one["type"] == kind || one["type"][0] == kind;
    let schema = schema["anyOf"].as_array().and_then(|all| all.iter().find(of_kind)).unwrap_or(schema);
    match &value.kind {
        Kind::Scalar { .. } => {}
        Kind::Seq(items) => items.iter().for_each(|item| unknown(item, &schema["items"], path, found)),
        Kind::Map(entries) => {
            for entry in entries {
                let key = &entry.key.text;
                let path = format!("{path}/{key}");
                let property = &schema["properties"][key];
                if !property.is_null() {
                    unknown(&entry.value, property, &path, found);
                } else if schema["additionalProperties"] == Json::Bool(false) && !key.starts_with("x-") {
                    found.push(path);
                }
            }
            for key in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
                if value.get(key).is_none() {
                    found.push(format!("{path}/{key} is missing"));
                }
            }
        }
    }
}

fn judged(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    unknown(&tree(path), &schema(&[("glusterfs", FIELDS)]), "", &mut found);
    found
}

#[test]
fn good_inventories_fit_the_schema() {
    assert_eq!(judged("inventory/example.yml"), [""; 0]);
    for name in
        ["manual", "interface", "anchors", "booleans", "flow", "glusterfs", "ipv6", "ssh", "commented_out", "volumes"]
    {
        assert_eq!(judged(&format!("tests/fixtures/inventory/good/{name}.yml")), [""; 0], "{name}");
    }
}

#[test]
fn keys_that_the_reader_refuses_do_not_fit() {
    for (name, expected) in [
        ("unknown_key", "/storage/glusterfs/volum_name"),
        ("unknown_top_key", "/controllers"),
        ("unknown_section", "/storage/gluster"),
        ("unknown_ssh_key", "/ssh/username"),
        ("unknown_service", "/nodes/controllers/services/maria"),
        ("priority_on_compute_node", "/nodes/compute_nodes/priority"),
        ("missing_ip", "/nodes/controllers/ip_address is missing"),
        ("no_nodes", "/nodes is missing"),
    ] {
        let found = judged(&format!("tests/fixtures/inventory/bad/{name}.yml"));
        assert!(found.iter().any(|found| found == expected), "{name}: {found:?}");
    }
}

#[test]
fn every_key_of_the_schema_has_its_words() {
    fn walk(schema: &Json, path: &str) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}/{key}");
            let doc = property["description"].as_str().unwrap_or_default();
            assert!(doc.ends_with('.') || path.contains("/services/"), "{path}: {doc:?}");
            walk(property, &path);
            walk(&property["items"], &path);
            walk(&property["anyOf"][0], &path);
        }
    }
    let schema = schema(&[("glusterfs", FIELDS)]);
    let volume = &schema["properties"]["storage"]["properties"]["glusterfs"]["anyOf"][0];
    assert_eq!(volume["properties"].as_object().unwrap().len(), 11);
    walk(&schema, "");
}
