"""The library on this device: records, projections, queues, and the transactions that change them."""
