//! How a text that somebody else wrote stands in a line of ours: on one line, and with nothing that a terminal obeys.

pub use constellation_trace::one_line;
