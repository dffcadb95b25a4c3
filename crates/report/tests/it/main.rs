//! What is drawn says what the trace says, and nothing that somebody named is ever markup.

mod columns;
mod comparing;
mod decoded;
mod exports;
mod hostile;
mod imports;
mod pages;
mod pictures;
mod plots;
#[cfg(feature = "png")]
mod png;
#[path = "../../../trace/tests/it/random.rs"]
#[allow(dead_code, reason = "written for the tests of traces, which need more of it")]
mod random;
mod texts;
mod world;
