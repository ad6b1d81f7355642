using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace GatewayKit.Configuration;

/// <summary>Checks the annotations of the model's records and of policies, all the way down.</summary>
internal sealed class AnnotationChecks(ModelTypes types)
{
    /// <summary>Checks a record.</summary>
    /// <returns>Whether nothing is <see langword="null"/> that must not be, so that other checks may look inside.</returns>
    public bool Check(object record, string path, Report report) => CheckValue(types.Get(record.GetType()), record, path, report);

    private bool CheckValue(ModelType type, object? value, string path, Report report)
    {
        if (value is null)
        {
            report(path, $"{LastKey(path)} is null. Give it a value or leave it out.");
            return false;
        }

        switch (type.Kind)
        {
            case ModelKind.Scalar when type.Type.IsEnum && !Enum.IsDefined(type.Type, value):
                report(path, $"{LastKey(path)} is {value}, and must be {type.Format!.Expected}.");
                return true;
            case ModelKind.Record:
                return CheckProperties(type, value, path, report);
            case ModelKind.Union:
                return CheckProperties(types.Get(value.GetType()), value, path, report);
            case ModelKind.List:
                return All((IEnumerable)value, (item, index) => CheckValue(type.Item, item, ModelPath.Join(path, index.ToString(CultureInfo.InvariantCulture)), report));
            case ModelKind.Map:
                return All((IEnumerable)value, (item, _) =>
                {
                    var (key, content) = ModelInstances.Entry(item!);
                    return CheckValue(type.Item, content, ModelPath.Join(path, key), report);
                });
            default:
                return true;
        }
    }

    private bool CheckProperties(ModelType type, object record, string path, Report report)
    {
        var usable = true;
        foreach (var property in type.Properties)
        {
            var value = property.Get(record);
            var propertyPath = ModelPath.Join(path, property.Name);
            if (value is null)
            {
                if (property.IsRequired || type.DefaultOf(property) is not null)
                {
                    report(propertyPath, $"{property.Name} is null. Give it a value{(property.IsRequired ? string.Empty : " or leave it out")}.");
                    usable = false;
                }

                continue;
            }

            CheckAnnotations(property, value, record, propertyPath, report);
            usable &= CheckValue(property.Type, value, propertyPath, report);
        }

        if (record is IValidatableObject validatable)
        {
            foreach (var result in validatable.Validate(Context(record, type.Type.Name)).Where(static result => result != ValidationResult.Success))
            {
                report(result.MemberNames.FirstOrDefault() is { } member ? ModelPath.Join(path, member) : path, result.ErrorMessage ?? "is not valid.");
            }
        }

        return usable;
    }

    private static void CheckAnnotations(ModelProperty property, object value, object record, string path, Report report)
    {
        foreach (var annotation in property.Annotations)
        {
            var context = Context(record, property.Name);
            context.MemberName = property.Name;
            if (annotation.GetValidationResult(value, context) is { } failed)
            {
                report(path, Describe(annotation, property, value) ?? failed.ErrorMessage ?? $"{property.Name} is not valid.");
            }
        }
    }

    // A message that its author wrote is left alone; the framework's own do not say what was found.
    private static string? Describe(ValidationAttribute annotation, ModelProperty property, object value)
    {
        var isOwn = annotation is AllowedValuesAttribute ? annotation.ErrorMessage != new AllowedValuesAttribute().ErrorMessage : annotation.ErrorMessage is not null;
        if (isOwn || annotation.ErrorMessageResourceName is not null)
        {
            return null;
        }

        var text = property.Type is { Kind: ModelKind.Scalar, Format: { } format } ? format.Format(value) : null;
        return annotation switch
        {
            RequiredAttribute => $"{property.Name} is empty. Give it a value.",
            RangeAttribute range => Invariant($"{property.Name} is {text}; it must be {(range.MinimumIsExclusive ? "more than" : "from")} {range.Minimum} {(range.MaximumIsExclusive ? "to less than" : "to")} {range.Maximum}."),
            AllowedValuesAttribute allowed => Invariant($"{property.Name} is {text}; it must be one of {string.Join(", ", allowed.Values.Select(static one => Invariant($"{one}")))}."),
            _ => null,
        };
    }

    private static ValidationContext Context(object record, string name) => new(record, name, serviceProvider: null, items: null);

    private static bool All(IEnumerable items, Func<object?, int, bool> check)
    {
        var (usable, index) = (true, 0);
        foreach (var item in items)
        {
            usable &= check(item, index++);
        }

        return usable;
    }

    private static string LastKey(string path) => path[(path.LastIndexOf(':') + 1)..];

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
