// Package aadsts reads AADSTS errors, the sign-in errors of Microsoft Entra,
// out of whatever people paste when they cannot sign in, and knows the codes.
package aadsts
