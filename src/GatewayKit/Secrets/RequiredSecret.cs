using System.Text;

namespace GatewayKit.Secrets;

/// <summary>A secret without which something that code has added is of no use: it is looked for before the host listens.</summary>
/// <param name="Owner">What needs it, as messages name it.</param>
/// <param name="Setting">The setting that says where it is.</param>
/// <param name="Reference">Where it is.</param>
/// <param name="LeastBytes">How many bytes it has at least, in UTF-8.</param>
internal sealed record RequiredSecret(string Owner, string Setting, SecretReference Reference, int LeastBytes)
{
    /// <summary>Why it is of no use, and what to do about it; its value is in no message.</summary>
    /// <returns><see langword="null"/> if it is.</returns>
    public string? FaultOf(SecretReader secrets) =>
        secrets.Read(Reference, out var problem) is not { } value ? $"{Setting} is {Reference}. {problem}"
        : Encoding.UTF8.GetByteCount(value) < LeastBytes ? $"{Setting}: what is at {Reference} has less than {LeastBytes} bytes in UTF-8. Put a longer one there, such as \"openssl rand -base64 {LeastBytes}\" makes it."
        : null;
}
