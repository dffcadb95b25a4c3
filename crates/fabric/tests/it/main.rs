//! What the seam promises to drivers and protocols, and that broken variants of it are caught.

mod choices;
mod courses;
mod effects;
mod limits;
mod network;
