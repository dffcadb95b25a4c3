//! How a run is drawn: from a trace and what was judged of it to one page that explains itself, or to a picture.
//!
//! ```
//! use constellation_report::{Caption, Picture, page, svg};
//! use constellation_trace::sketch;
//!
//! let trace = sketch::parse("pacific  a m! b\nindian   c m? d")?;
//! let mut caption = Caption::default();
//! caption.title = "two nodes and one message".to_owned();
//! let picture = Picture::new(&trace, &[], caption);
//! assert_eq!(picture.sentence(), "Nothing was promised of this run, so nothing was judged.");
//!
//! // One file, which asks for nothing from anywhere.
//! let mut html = Vec::new();
//! page::write(&picture, &mut html).expect("there is room for it");
//! assert!(html.starts_with(b"<!doctype html>"));
//! assert!(svg::draw(&picture).contains("data-event=\"5\""));
//! # Ok::<(), sketch::SketchError>(())
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`picture`] | [`Picture`], [`Caption`]: what is drawn, and the one sentence that says what went wrong |
//! | [`edge`] | [`Edge`], [`Lane`]: orders that no message made, and nodes that share a lane, of others' logs |
//! | [`world`] | what the world did during a run, in words, and for how long |
//! | [`columns`] | a trace as columns of small numbers: about two bytes an event when packed |
//! | [`compare`] | how far two runs are alike, and where they go apart |
//! | [`page`] | the page: one HTML file that asks for nothing |
//! | [`diagram`] | where lanes, marks, arrows and bands stand, in whole units |
//! | [`export`] | the same for the tools of others: ShiViz, Mermaid, Markdown |
//! | [`import`] | somebody else's log as a run that can be drawn |
//! | [`plot`] | plots, matrices, and the page that holds them |
//! | [`svg`] | the picture of the evidence, or of a small run |
//! | `png`, with the feature of that name | the same in pixels |
//! | [`text`] | the same as lines of text, in box drawing or plain ASCII |
//!
//! This crate must never know a clock, a simulator, a judge or a terminal: what it draws it was given.

#![forbid(unsafe_code)]
#![warn(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::iter_over_hash_type,
    clippy::float_arithmetic
)]

pub mod columns;
pub mod compare;
pub mod diagram;
pub mod edge;
pub mod export;
mod facts;
pub mod import;
mod packed;
pub mod page;
pub mod picture;
pub mod plot;
#[cfg(feature = "png")]
pub mod png;
pub mod svg;
pub mod text;
pub mod world;

pub use edge::{Edge, Lane, PictureError};
pub use picture::{Caption, Picture, Times};
