//! Addresses that are near, that are encrypted, or that nobody asks.

const SECURE: &str = "https://schedule.constellation.aero/v1";
const METADATA: &str = "http://169.254.169.254/latest/meta-data";
const OWN: [&str; 4] = ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:80/", "http://0.0.0.0:9000"];
const PRIVATE: [&str; 3] = ["http://10.1.2.3/", "http://192.168.0.1", "http://172.16.0.1:80"];
const MESH: [&str; 4] = ["http://catalog:50051", "http://catalog.default.svc", "http://a.cluster.local", "ws://relay.internal"];
const STAND_INS: [&str; 3] = ["http://example.com/", "http://www.example.org", "http://relay.test"];
const NAMESPACE: &str = "http://www.w3.org/2000/svg";
const SCHEMA: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const PREFIX: &str = "http://";

fn is_plain(url: &str) -> bool {
    url.starts_with("http://orbits.net") || url == "http://orbits.net/"
}

fn told(host: &str) -> String {
    println!("http://orbits.net/help");
    format!("http://{host}/status")
}

const HELP: &str = "http://orbits.net is where the documentation is";

fn namespace() -> &'static str {
    "http://calendars.constellation.aero/caldav"
}

fn links() -> Vec<Link> {
    vec![
        Link { rel: "http://constellation.aero/profile-page", href: "/me" },
        Link { rel: parse("http://nodes.constellation.aero/ns/schema/2.1"), href: "/node" },
    ]
}

const ERROR_DOCS: &str = "http://constellation.aero/errors.html";
