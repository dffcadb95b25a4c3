//! How long the page of a million events takes to write, and how large it is.

fn main() {}
