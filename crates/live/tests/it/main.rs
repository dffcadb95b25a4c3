//! Nodes under real time, and what their runs are held to.

mod beacon;
mod on_bus;
mod told;
