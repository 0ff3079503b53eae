//! The appliance's database: what is replicated plus local tables, lists and search
