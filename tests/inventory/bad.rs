//! Every bad inventory has its message beside it. `BLESS=1 cargo test --test inventory` writes what is said now.

use std::path::PathBuf;

use super::load;

const FOLDER: &str = "tests/fixtures/inventory/bad";

fn said_of(path: &str) -> String {
    match load(path) {
        Ok(_) => panic!("{path}: nothing is wrong with it"),
        Err(problems) => problems.render(false),
    }
}

fn files(extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

#[test]
fn bad_inventories_are_told_what_is_wrong() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for file in files("yml") {
        let expected = file.with_extension("expected");
        let said = said_of(file.to_str().unwrap());
        if bless {
            std::fs::write(&expected, &said).unwrap();
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if said != wanted {
            wrong.push(format!("--- {}: wanted\n{wanted}--- said\n{said}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn every_message_has_a_place() {
    for file in files("yml") {
        let path = file.to_str().unwrap();
        let problems = load(path).unwrap_err();
        for problem in &problems.list {
            let (line, column) = problems.position(problem).expect("a place");
            let place = format!("--> {path}:{line}:{column}\n");
            assert!(problems.render(false).contains(&place), "{place}");
        }
        let coloured = problems.render(true);
        assert!(coloured.contains("\u{1b}["), "no colour");
        let bare = console::strip_ansi_codes(&coloured);
        assert_eq!(bare, problems.render(false), "colour changes the text");
    }
}

#[test]
fn there_is_no_message_without_its_inventory() {
    assert!(files("yml").len() >= 45);
    for expected in files("expected") {
        assert!(expected.with_extension("yml").exists(), "{}", expected.display());
    }
}

#[test]
fn a_file_that_cannot_be_an_inventory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let missing = path("missing.yml");
    assert_eq!(
        said_of(&missing),
        format!(
            "error: this file cannot be read: it does not exist\n--> {missing}\n = help: name the inventory with `-i FILE`\n"
        )
    );
    let directory = folder.path().to_str().unwrap();
    assert_eq!(
        said_of(directory),
        format!(
            "error: this is a directory, not a file\n--> {directory}\n = help: name the inventory in it: `-i {directory}/FILE`\n"
        )
    );
    let large = path("large.yml");
    std::fs::write(&large, "a: b\n".repeat(2 * 1024 * 1024)).unwrap();
    assert_eq!(
        said_of(&large),
        format!("error: this file is larger than 1 MiB (10 MiB)\n--> {large}\n = help: is this the right file?\n")
    );
}

#[test]
fn a_file_without_an_end_is_refused() {
    assert!(said_of("/dev/zero").starts_with("error: this file is larger than 1 MiB"));
}

#[test]
fn a_large_file_full_of_problems_is_answered_with_the_first_hundred() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.yml");
    let lines = (0..40_000).map(|at| format!("key_number_{at}: x")).collect::<Vec<_>>().join("\n");
    std::fs::write(&path, lines).unwrap();
    let said = said_of(path.to_str().unwrap());
    assert!(said.ends_with("error: 39901 more problems are not shown\n"), "{}", &said[said.len() - 300..]);
}
