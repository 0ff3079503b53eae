//! The head office's database: cases, queue, masters, hand-over
