//! What a trace is and is not, and how it is written down.

mod foreign_faults;
mod foreign_histories;
mod foreign_pieces;
mod foreign_rounds;
mod foreign_values;
mod histories;
mod jsonl;
mod jsonl_nemesis;
mod naming;
mod otlp;
mod parts;
mod random;
mod recording;
mod sessions;
mod shiviz;
mod shiviz_faults;
mod sketches;
mod telling;
