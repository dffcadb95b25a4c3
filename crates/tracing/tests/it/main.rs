//! What real tasks and real processes record of themselves, joined and judged.

mod headers;
mod layer;
mod processes;
mod tasks;
