//! The keys of a section, once: readers refuse what is not in the list, the schema is made of it.

/// A key that may be written.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As the inventory writes it.
    pub key: &'static str,
    /// What its value looks like.
    pub form: Form,
    /// It must be there.
    pub required: bool,
    /// What it is for, in a sentence, for editors.
    pub doc: &'static str,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A line of text.
    Text,
    /// An IPv4 or IPv6 address.
    Address,
    /// A truth.
    Flag,
    /// A whole number from and to.
    Number(u64, u64),
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
    /// One of these words, or a whole number of at least 1.
    WordsOrCount(fn() -> Vec<&'static str>),
    /// A time with its unit.
    Duration,
    /// A list of lines.
    Lines,
    /// Keys of any name with lines of text.
    TextMap,
    /// These keys.
    Map(&'static [Field]),
    /// These keys, each a truth.
    Flags(fn() -> Vec<&'static str>),
    /// A list of maps with these keys.
    List(&'static [Field]),
    /// A section that a room reads: its keys are given to [`crate::inventory::schema`].
    Room,
    /// Such a section, or a list of them.
    Rooms,
}

impl Field {
    /// A key that may be left out.
    pub const fn optional(key: &'static str, form: Form, doc: &'static str) -> Self {
        Self { key, form, required: false, doc }
    }

    /// A key that must be there.
    pub const fn required(key: &'static str, form: Form, doc: &'static str) -> Self {
        Self { key, form, required: true, doc }
    }
}

/// The names of some fields.
pub fn names(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().map(|field| field.key).collect()
}
