//! A site for tests, and the adapters that are built in.

fn main() {
    constellation_servers::serve();
}
