//! Bricklayer: see, decide, say, do, tell.
