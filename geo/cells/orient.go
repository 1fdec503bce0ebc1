package cells

import "math/big"

// side is +1, 0 or -1 as the point x, y lies left of, on or right of the line from (x1, y1) to (x2, y2). The sign
// is exact: a sum within the error bound of the rounding (Shewchuk 1997, equation for orient2d, bound A) is
// computed again in rational numbers.
//
// The conversions to float64 around the products keep the compiler from fusing them with the difference, which
// the bound does not cover.
func side(x1, y1, x2, y2, x, y float64) int {
	left := float64((x2 - x1) * (y - y1))
	right := float64((x - x1) * (y2 - y1))
	difference := left - right
	const bound = 3.3306690738754716e-16 // (3 + 16 ε) ε with ε = 2^-53
	var size float64
	switch {
	case left > 0:
		if right <= 0 {
			return sign(difference)
		}
		size = left + right
	case left < 0:
		if right >= 0 {
			return sign(difference)
		}
		size = -left - right
	default:
		return sign(difference)
	}
	if difference >= bound*size || -difference >= bound*size {
		return sign(difference)
	}
	return exactSide(x1, y1, x2, y2, x, y)
}

func sign(v float64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

func exactSide(x1, y1, x2, y2, x, y float64) int {
	less := func(a, b float64) *big.Rat {
		return new(big.Rat).Sub(new(big.Rat).SetFloat64(a), new(big.Rat).SetFloat64(b))
	}
	left := new(big.Rat).Mul(less(x2, x1), less(y, y1))
	return left.Cmp(new(big.Rat).Mul(less(x, x1), less(y2, y1)))
}
