//! The picture of [`svg`] in pixels, for where nothing else can be shown.
//!
//! Light, and twice as large as the SVG, so that it is sharp where it is shown at that size. Fonts are our own (`fonts/`), so
//! that the machine's do not matter; what they have no letter for is a box. The same run gives the same bytes on machines of one
//! kind: what draws it counts in floats.

use std::fmt;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::picture::Picture;
use crate::svg;

/// How many pixels there are to a unit of the SVG.
pub const SCALE: u32 = 2;

/// The most pixels of one side.
pub const SIDE_MAX: u32 = 16_384;

const FONTS: [&[u8]; 3] = [
    include_bytes!("../fonts/DejaVuSans.ttf"),
    include_bytes!("../fonts/DejaVuSans-Bold.ttf"),
    include_bytes!("../fonts/DejaVuSansMono.ttf"),
];

/// Why there is no picture.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PngError {
    /// It would have more pixels than [`SIDE_MAX`] on a side.
    TooLarge {
        /// How many from left to right.
        width: u64,
        /// How many from top to bottom.
        height: u64,
    },
    /// What draws it does not take our SVG, and says why.
    Unread(String),
}

impl fmt::Display for PngError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PngError::TooLarge { width, height } => {
                write!(f, "a picture of {width} × {height} pixels, at most {SIDE_MAX} on a side are drawn")
            }
            PngError::Unread(why) => write!(f, "the SVG cannot be drawn: {why}"),
        }
    }
}

impl std::error::Error for PngError {}

/// Draws what [`svg::draw`] draws, as the bytes of a PNG file.
///
/// # Errors
/// [`PngError::TooLarge`] for evidence of some hundred events.
pub fn draw(picture: &Picture<'_>) -> Result<Vec<u8>, PngError> {
    let mut options = Options { font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let fonts = options.fontdb_mut();
    FONTS.iter().for_each(|font| fonts.load_font_data(font.to_vec()));
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts.set_monospace_family("DejaVu Sans Mono");
    let unread = |error: &dyn fmt::Display| PngError::Unread(error.to_string());
    let tree = Tree::from_str(&light(&svg::draw(picture)), &options).map_err(|error| unread(&error))?;
    let size = tree.size().to_int_size();
    let [width, height] = [size.width(), size.height()].map(|side| u64::from(side) * u64::from(SCALE));
    let fits = |side: u64| u32::try_from(side).ok().filter(|side| *side <= SIDE_MAX);
    let pixels = fits(width).zip(fits(height)).and_then(|(width, height)| Pixmap::new(width, height));
    let mut pixels = pixels.ok_or(PngError::TooLarge { width, height })?;
    resvg::render(&tree, Transform::from_scale(2.0, 2.0), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| unread(&error))
}

/// Without what only counts for readers who like it dark.
fn light(svg: &str) -> String {
    let dark = svg.split_once("@media(prefers-color-scheme:dark){");
    // The block ends with its last rule.
    let cut = dark.and_then(|(before, rest)| Some((before, rest.split_once("}}")?.1)));
    cut.map_or_else(|| svg.to_owned(), |(before, after)| [before, after].concat())
}
