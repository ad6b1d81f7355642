using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Addresses;

/// <summary>Refuses files of addresses that were never any good.</summary>
internal sealed class AddressFileCheck(AddressFiles files) : IValidateOptions<AddressPolicy>
{
    public ValidateOptionsResult Validate(string? name, AddressPolicy options)
    {
        var errors = new ValidateOptionsResultBuilder();
        foreach (var (key, path) in new[] { (nameof(options.AllowFile), options.AllowFile), (nameof(options.DenyFile), options.DenyFile) })
        {
            if (string.IsNullOrWhiteSpace(path) || options.Mode is PolicyMode.Off)
            {
                continue;
            }

            var file = files.Get(path, key == nameof(options.AllowFile), out var faults);
            foreach (var fault in faults)
            {
                errors.AddError($"{key}: '{file.Path}': {fault}");
            }
        }

        return errors.Build();
    }
}
