//! Secrets that every copy of the program has.

const CATALOG: &str = "postgres://catalog:kV7-moonrise@db.constellation.aero/catalog"; //~ admin::credential-literal

fn broker() -> Settings {
    Settings::new("amqps://relay:4fdA!92x@queue.constellation.aero:5671/%2f") //~ admin::credential-literal
}

const CACHE: &str = "rediss://:kV7-moonrise@cache.constellation.aero/0"; //~ admin::credential-literal
