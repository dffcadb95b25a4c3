//! A picture in pixels: as large as it should be, light, with its letters, and the same each time.

use constellation_report::{Caption, Picture, png, svg};
use constellation_trace::sketch;

/// Width and height, as a PNG file says them in its first chunk.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    (side(16), side(20))
}

fn drawn(title: &str) -> (Vec<u8>, String) {
    let trace = sketch::parse("pacific  a m! b\nindian   c m? d").expect("a sketch that can be read");
    let mut caption = Caption::default();
    caption.title = title.to_owned();
    let picture = Picture::new(&trace, &[], caption);
    (png::draw(&picture).expect("it is small"), svg::draw(&picture))
}

#[test]
fn it_is_twice_the_svg_and_the_same_bytes_each_time() {
    let (png, svg) = drawn("two nodes");
    let (width, height) = size(&png);
    assert_eq!(width, svg::WIDTH * png::SCALE);
    assert!(svg.contains(&format!("height=\"{}\"", height / png::SCALE)), "{height}");
    assert_eq!(drawn("two nodes").0, png);
}

#[test]
fn its_letters_are_drawn() {
    let one = drawn("two nodes");
    // With no font, text would be nothing, and the title would make no difference.
    assert_ne!(one.0, drawn("two modes").0);
    assert_ne!(one.0, drawn("✗ ✓ ● ○ ↻ ×").0);
    // A letter that the fonts lack is no error.
    assert_ne!(drawn("語 \u{202e}🛰").0, Vec::<u8>::new());
}
