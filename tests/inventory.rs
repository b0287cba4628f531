//! Inventories as files: good ones and what was read of them, bad ones and what is said of them.

#[cfg(test)]
mod inventory {
    mod bad;
    mod good;
    mod mutations;
    mod schema;

    use std::path::Path;

    use bricklayer::inventory::{Draft, Inventory};
    use bricklayer::services::glusterfs::spec::Spec;
    use bricklayer::yaml::Problems;

    /// As a command does it: the file, then the room, then everything that is wrong at once.
    fn load(path: &str) -> Result<(Inventory, Spec), Problems> {
        finish(Draft::read(Path::new(path)))
    }

    fn finish(draft: Draft) -> Result<(Inventory, Spec), Problems> {
        let (inventory, mut specs) = volumes(draft)?;
        Ok((inventory, specs.remove(0)))
    }

    fn volumes(mut draft: Draft) -> Result<(Inventory, Vec<Spec>), Problems> {
        let specs = draft.judge(|inventory, problems| Spec::read(inventory, &[], problems));
        Ok((draft.finish()?, specs.expect("a spec where nothing is wrong")))
    }
}
