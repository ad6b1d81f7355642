using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace GatewayKit.Identity.Signatures;

/// <summary>A signature of a message: a member of <c>Signature-Input</c> and of <c>Signature</c> (RFC 9421 §4).</summary>
/// <param name="Input">The value of <c>Signature-Input</c>.</param>
/// <param name="Value">The value of <c>Signature</c>.</param>
internal readonly record struct MessageSignature(string Input, string Value)
{
    /// <summary>Signs a message.</summary>
    /// <param name="label">What tells the signature from others of the message: a key of a structured field, in lower case.</param>
    /// <param name="message">What is signed.</param>
    /// <param name="parameters">What of it is signed.</param>
    /// <param name="key">What it is signed with.</param>
    /// <param name="signature">The signature.</param>
    /// <param name="problem">Why there is none, without a value of the message.</param>
    public static bool TrySign(
        string label, ISignedMessage message, SignatureParameters parameters, SignatureKey key, out MessageSignature signature, [NotNullWhen(false)] out string? problem)
    {
        if (!SignatureBase.TryCreate(message, parameters, out var text, out problem))
        {
            signature = default;
            return false;
        }

        signature = new($"{label}={parameters.Text}", StructuredFieldWriter.Write(label, new(key.Sign(Encoding.ASCII.GetBytes(text)))));
        return true;
    }

    /// <summary>Whether a signature is of a key over what its parameters say. When it was made and what it has to cover the caller judges.</summary>
    public static bool Verify(ISignedMessage message, SignatureParameters parameters, SignatureKey key, ReadOnlySpan<byte> signature) =>
        (parameters.Algorithm is null || parameters.Algorithm == key.Algorithm)
        && SignatureBase.TryCreate(message, parameters, out var text, out _) && key.Verify(Encoding.ASCII.GetBytes(text), signature);
}
