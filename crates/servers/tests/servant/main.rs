//! A site for tests, the adapters that are built in, and a small store with its client.

mod store;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["store", address, file, mode] => store::run(address, file, mode),
        ["store-client", address] => store::run_client(address),
        _ => constellation_servers::serve(),
    }
}
