using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Auditing.Bodies;

/// <summary>Refuses bodies in the clear unless somebody has said that they may be.</summary>
/// <param name="isEncrypted">Whether the journal of this host encrypts personal parts.</param>
internal sealed class BodyEncryption(Func<bool> isEncrypted) : IValidateOptions<AuditPolicy>
{
    public ValidateOptionsResult Validate(string? name, AuditPolicy options) =>
        options is { Body: { AllowUnencrypted: false } } && options.Mode is not PolicyMode.Off && !isEncrypted()
            ? ValidateOptionsResult.Fail(
                $"{nameof(AuditPolicy.Body)} would be in the journal in the clear, and in every copy of it. Name \"Bodies\" in Journal:Personal:Encrypted, so that a consumer's can be erased; "
                + $"or set {nameof(AuditPolicy.Body)}:{nameof(AuditBody.AllowUnencrypted)} to true if the journal may have them.")
            : ValidateOptionsResult.Success;
}
