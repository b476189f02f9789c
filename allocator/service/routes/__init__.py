"""Routes, a file a family. Each says who may ask and which errors it can answer; what is decided is decided in
`rounds`."""
