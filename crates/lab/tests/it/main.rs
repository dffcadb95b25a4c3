//! What a scenario file may say, what its runs promise, and that equal runs are equal to the byte.

mod added;
mod bytes;
mod cases;
mod clients;
mod documented;
mod exploring;
mod faults;
mod faults_links;
mod given_faults;
mod hunting;
mod losing;
mod machine_steps;
mod machines;
mod planted;
mod prefixes;
mod random;
mod refusals;
mod refused_clients;
mod refused_links;
mod refused_orders;
mod refused_steps;
mod refused_values;
mod shrinking;
mod specimens;
mod torn;
