"""Whether a recording went through a lossy codec, with proof.

A codec leaves most lines of its transform at zero. Decoded, and looked at with the same transform
at the same frame grid, they are zero again, up to the rounding of the samples; one sample beside
that grid they are ordinary numbers. So for each codec all grids are tried, and the true one stands
out of the others as a notch. Nothing is learned and nothing depends on the genre: the file is its
own yardstick.

After Herre and Schug, "Analysis of Decompressed Audio - The Inverse Decoder" (AES 109, 2000), and
Derrien, "Detection of Genuine Lossless Audio Files" (JAES 67(3), 2019).
"""
