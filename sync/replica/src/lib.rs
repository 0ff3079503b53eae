//! The replicated tables, their migrations, streams, datasets and blobs; how changes leave and enter a database
