//! Made-up certificates in many layouts, drawn by a real browser and spoiled like scans.
