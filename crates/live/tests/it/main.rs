//! Nodes under real time, and what their runs are held to.

mod beacon;
mod frames;
mod links;
mod lives;
mod no_run;
mod on_bus;
mod strangers;
mod tasks;
mod told;
mod torn;
