//! Receipt printer (ESC/POS) and page printer
