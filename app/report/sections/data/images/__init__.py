"""What a page shows of images: samples, means, and what is alike."""
