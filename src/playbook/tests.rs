use super::*;

#[test]
fn the_playbooks_that_are_compiled_in_load() {
    if let Err(faults) = Library::builtin() {
        panic!("{faults}");
    }
}
